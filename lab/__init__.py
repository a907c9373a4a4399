"""What stands behind the scripts: a package for each part of the lab, and what they share."""
