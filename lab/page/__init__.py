"""The report page: trains what is missing, collects the numbers, and writes one HTML file."""
