"""What all parts share: the command line, files, pictures, several processes, compiling."""
