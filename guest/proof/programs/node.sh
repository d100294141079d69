# JavaScript compiled while it runs; worker threads; servers and clients on the loopback; the whole standard library.
# V8 would reserve 10 GiB for each memory of WebAssembly (fetch has one), more than the machine's programs have.
export NODE_OPTIONS=--disable-wasm-trap-handler
node --version; node -p '[process.arch, process.platform, 2n ** 100n, [..."añ😀"].length, 0.1 + 0.2]'
node -e 'console.log(process.argv.slice(1))' one two; echo 'console.log(require("fs").readFileSync(0, "utf8"))' > /tmp/proof.js; echo fed | node /tmp/proof.js
node /mnt/program.mjs
node -e 'setTimeout(() => process.exit(5), 20)'; echo $?; node -e 'throw new TypeError("uncaught")' 2>&1 | grep uncaught; node -e 'process.kill(process.pid, "SIGTERM")'; echo $?; node --check /tmp/proof.js && rm /tmp/proof.js
