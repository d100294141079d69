lua /mnt/program.lua
