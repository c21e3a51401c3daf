"""Releases on several hosts, deployed by Ansible through a network of their own."""
