"""Sending an image to a registry (OCI distribution-spec 1.1).

name      REGISTRY/REPOSITORY:TAG
image     the blobs of an image archive
login     who we are there: variables, the files of podman and docker, their helpers
registry  the requests
send      which blobs are missing, and these
"""
