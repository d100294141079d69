x=0
for ((i = 0; i < 100000; i++)); do
  x=$(((x * 31 + i) % 65521))
  case $x in *7) y=${x#?} ;; *) y=$i ;; esac
done
echo "$x $y"
