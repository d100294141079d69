python3 /mnt/tasks.py
