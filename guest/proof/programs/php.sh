php -r 'echo PHP_VERSION, " ", PHP_INT_SIZE, "\n";'
php /mnt/program.php one two
echo '<?php echo strtoupper(fgets(STDIN));' > /tmp/proof.php; echo piped | php /tmp/proof.php; php -l /tmp/proof.php; echo '<?php $x = ; ' | php 2>&1 | head -2
mkdir /tmp/proof; echo '<?php header("X-Proof: yes"); echo $_GET["q"] ?? "none", " ", $_SERVER["REQUEST_METHOD"], " ", strlen(file_get_contents("php://input"));' > /tmp/proof/index.php
php -S 127.0.0.1:7304 -t /tmp/proof > /dev/null 2>&1 & server=$!
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do php -r 'exit(@fsockopen("127.0.0.1", 7304) ? 0 : 1);' && break; sleep 0.5; done
php -r 'foreach (["?q=1", "?q=%20a", ""] as $q) echo file_get_contents("http://127.0.0.1:7304/$q"), "\n"; echo file_get_contents("http://127.0.0.1:7304/", false, stream_context_create(["http" => ["method" => "POST", "content" => str_repeat("x", 5000)]])), "\n";'
kill $server; wait $server 2> /dev/null; rm -r /tmp/proof /tmp/proof.php
