# the prober: knows jobs, not services
