"""Releases on hosts: an inventory from the settings, and the playbooks of the collection.

The engine is Ansible, and the collection `relforge.deploy` (deploy/ansible in the sources, and
below `collections/` here) works without this package as well.
"""
