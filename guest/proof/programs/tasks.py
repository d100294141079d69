# What Python does with threads, processes, sockets and event loops.
import asyncio, concurrent.futures, contextvars, ctypes, mmap, multiprocessing, os, queue, select, selectors, signal, socket
import socketserver, sqlite3, ssl, subprocess, sys, tempfile, threading, time

def square(n):
    return n * n

def child(connection, lock, value):
    for _ in range(50):
        with lock: value.value += 1
    connection.send({'pid differs': os.getpid() != os.getppid(), 'args': sys.argv[1:]})
    connection.close()

def threads():
    jobs, results = queue.Queue(), []
    def work():
        while (n := jobs.get()) is not None: results.append(square(n)); jobs.task_done()
    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers: each.start()
    for n in range(200): jobs.put(n)
    jobs.join()
    for _ in workers: jobs.put(None)
    for each in workers: each.join()
    print('threads', sum(results), threading.active_count())
    barrier, event, condition = threading.Barrier(3), threading.Event(), threading.Condition()
    met = [threading.Thread(target=barrier.wait) for _ in range(2)]
    for each in met: each.start()
    barrier.wait(); print('barrier', event.wait(0.05))
    timer = threading.Timer(0.02, event.set); timer.start(); print('event', event.wait(5))
    with concurrent.futures.ThreadPoolExecutor(8) as pool: print('pool', sum(pool.map(square, range(100))))

def processes():
    ours, theirs = multiprocessing.Pipe()
    lock, value = multiprocessing.Lock(), multiprocessing.Value('i', 0)
    all = [multiprocessing.Process(target=child, args=(theirs, lock, value)) for _ in range(3)]
    for each in all: each.start()
    for _ in all: print('child', ours.recv())
    for each in all: each.join()
    print('value', value.value, [each.exitcode for each in all])
    with multiprocessing.Pool(2) as pool: print('pool', pool.map(square, range(10)))
    with concurrent.futures.ProcessPoolExecutor(2) as pool: print('futures', list(pool.map(square, range(5))))
    with multiprocessing.Manager() as manager:
        shared = manager.dict(); one = multiprocessing.Process(target=shared.update, args=({'set': 'there'},)); one.start(); one.join(); print(dict(shared))
    spawned = multiprocessing.get_context('spawn').Queue; print('spawn', spawned is not None)

def subprocesses():
    print(subprocess.run(['/bin/sh', '-c', 'echo $0 $1; cat; exit 3', 'a', 'b'], input=b'fed\n', capture_output=True))
    first = subprocess.Popen(['seq', '1', '1000'], stdout=subprocess.PIPE)
    print(subprocess.check_output(['wc', '-l'], stdin=first.stdout, text=True), first.wait())
    try: subprocess.run(['sleep', '9'], timeout=0.1)
    except subprocess.TimeoutExpired as error: print('timeout', error.cmd)
    slow = subprocess.Popen(['sleep', '9']); slow.terminate(); print('terminated', slow.wait())
    try: subprocess.run(['/nonexistent'])
    except FileNotFoundError as error: print(error)
    print(os.popen('echo popen').read(), os.system('exit 4') >> 8)
    pid = os.fork()
    if pid == 0: os._exit(9)
    print('fork', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    print('spawn', os.posix_spawn('/bin/true', ['true'], {}) > 0, os.wait()[1])

async def loops():
    async def handle(reader, writer):
        while line := await reader.readline(): writer.write(line.upper()); await writer.drain()
        writer.close()
    server = await asyncio.start_server(handle, '127.0.0.1', 0)
    port = server.sockets[0].getsockname()[1]
    async def client(n):
        reader, writer = await asyncio.open_connection('127.0.0.1', port)
        for i in range(5): writer.write(b'client %d line %d\n' % (n, i)); last = await reader.readline()
        writer.close(); await writer.wait_closed()
        return last
    print(await asyncio.gather(*(client(n) for n in range(20))))
    server.close(); await server.wait_closed()
    process = await asyncio.create_subprocess_exec('cat', stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    print(await process.communicate(b'through cat'), process.returncode)
    try: await asyncio.wait_for(asyncio.sleep(5), 0.05)
    except asyncio.TimeoutError: print('timed out')
    print(await asyncio.to_thread(square, 12), await asyncio.get_running_loop().run_in_executor(None, square, 13))
    path = tempfile.mktemp()
    unix = await asyncio.start_unix_server(handle, path); reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b'unix\n'); print(await reader.readline()); writer.close(); unix.close(); os.unlink(path)
    async with asyncio.TaskGroup() as group: tasks = [group.create_task(asyncio.sleep(0.01 * i, i)) for i in range(5)]
    print([task.result() for task in tasks])
    got = asyncio.Event(); asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set); os.kill(os.getpid(), signal.SIGUSR1); print('signal', await asyncio.wait_for(got.wait(), 5))

def sockets():
    class Echo(socketserver.StreamRequestHandler):
        def handle(self): self.wfile.write(b'echo ' + self.rfile.readline())
    with socketserver.ThreadingTCPServer(('127.0.0.1', 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for i in range(5):
            with socket.create_connection(server.server_address) as s: s.sendall(b'%d\n' % i); print(s.makefile().readline().strip())
        server.shutdown()
    a, b = socket.socketpair(); socket.send_fds(a, [b'fd'], [1]); print('fds', len(socket.recv_fds(b, 10, 1)[1]))
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('127.0.0.1', 0)); u.sendto(b'datagram', u.getsockname()); print(u.recvfrom(100)[0])
    selector = selectors.DefaultSelector(); selector.register(b, selectors.EVENT_READ); a.send(b'x'); print(type(selector).__name__, len(selector.select(1)))


def rest():
    path = tempfile.mktemp('.db'); base = sqlite3.connect(path); base.execute('pragma journal_mode=wal'); base.execute('create table t(a)')
    def insert(n):
        own = sqlite3.connect(path, timeout=30)
        with own: own.executemany('insert into t values (?)', [(n * 100 + i,) for i in range(50)])
    many = [threading.Thread(target=insert, args=(n,)) for n in range(4)]
    for each in many: each.start()
    for each in many: each.join()
    print(base.execute('select count(*), sum(a) from t').fetchone()); base.close(); os.unlink(path)
    m = mmap.mmap(-1, 8192); pid = os.fork()
    if pid == 0: m[:5] = b'child'; os._exit(0)
    os.waitpid(pid, 0); print(m[:5])
    print(ssl.OPENSSL_VERSION, len(ssl.create_default_context().get_ciphers()) > 5, ctypes.CDLL(None).strlen(b'twelve chars'))
    signal.signal(signal.SIGALRM, lambda *_: print('alarm')); signal.setitimer(signal.ITIMER_REAL, 0.05); signal.pause()
    read, write = os.pipe(); poll = select.epoll(); poll.register(read, select.EPOLLIN); os.write(write, b'!'); print(poll.poll(1)[0][1])

if __name__ == '__main__':
    threads(); processes(); subprocesses(); asyncio.run(loops()); sockets(); rest()
