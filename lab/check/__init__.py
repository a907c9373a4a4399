"""Part 2: the points, training many starts, lines and margins, pictures."""
