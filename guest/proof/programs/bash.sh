exec bash /mnt/bash-itself.bash
