# Started, compiled and run with all defaults: tiered compilation, G1, threads, exceptions through compiled code.
java -version 2>&1 | head -1
mkdir /tmp/proof && cd /tmp/proof && cp /mnt/Hello.java /mnt/Work.java .
javac -d /tmp/proof/classes Hello.java Work.java && ls classes
/java.so -cp /tmp/proof/classes Hello from OSv
java -cp classes Work
java -Xint -cp classes Hello interpreted; java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp classes Hello serial
java -cp classes Nowhere 2>&1 | head -1; java -cp classes Hello exit; echo $?
cd /; rm -r /tmp/proof
