# the pure core and the thin kernel driver
