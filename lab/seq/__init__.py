"""Part 3: training recurrent networks, and whether one has learned its language."""
