"""What every part uses: errors, running commands, masking, progress, sizes."""
