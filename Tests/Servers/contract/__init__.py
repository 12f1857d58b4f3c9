"""What every store must do, said once: the cases, the stores they run against, and the scene around the real binary."""
