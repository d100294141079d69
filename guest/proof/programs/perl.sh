perl /mnt/program.pl
