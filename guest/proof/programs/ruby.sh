ruby /mnt/program.rb
