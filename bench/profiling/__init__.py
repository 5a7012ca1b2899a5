"""What methods, losses and the harness itself cost."""
