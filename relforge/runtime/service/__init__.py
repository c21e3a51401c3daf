"""What runs inside the processes of services: servers, callables, programs."""
