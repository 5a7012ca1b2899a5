"""Made-up samples: faces that age, rooms with their depth, sentences that mean alike."""
