python3 /mnt/program.py
