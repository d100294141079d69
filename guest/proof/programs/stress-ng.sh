# Every method of stress-ng's cpu stressor, verified by itself.
cd /tmp
methods=$(stress-ng --cpu-method list 2>&1 | sed 's/.*: all//')
echo $methods
for method in $methods; do
  stress-ng --cpu 1 --cpu-method $method --cpu-ops 1 --verify > log 2>&1; echo "$method $? $(grep -cE 'fail' log)"
done
stress-ng --cpu 2 --cpu-method fft --cpu-ops 4 --verify > log 2>&1; echo "two $?"; rm log
