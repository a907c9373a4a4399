"""Part 1: the images, where they come from, training, pictures."""
