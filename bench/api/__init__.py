"""The functions that `import bench` gives: short ways from a notebook into the rooms below."""
