# The standard library's C modules and the interpreter's own arithmetic.
import binascii, bisect, collections, datetime, decimal, fractions, functools, hashlib, hmac, itertools, json, math
import random, re, statistics, string, struct, sqlite3, textwrap, unicodedata, zlib, bz2, lzma, array, heapq, pickle

rng = random.Random(20260101)
print(rng.random(), rng.gauss(0, 1), rng.sample(range(10**6), 5), rng.getrandbits(200))
data = bytes(rng.getrandbits(8) for _ in range(3000)) + b'compressible ' * 300
for name in sorted(hashlib.algorithms_guaranteed):
    digest = hashlib.new(name, data)
    print(name, digest.hexdigest(20) if name.startswith('shake') else digest.hexdigest())
print(hmac.new(b'key', data, 'sha256').hexdigest(), hashlib.pbkdf2_hmac('sha1', b'p', b's', 50).hex())
print(zlib.crc32(data), binascii.crc_hqx(data, 0), zlib.adler32(data))
for module in (zlib, bz2, lzma):
    packed = module.compress(data)
    print(module.__name__, len(packed), zlib.crc32(packed), module.decompress(packed) == data)

floats = [0.1, 1 / 3, 1e16, 1e-5, 5e-324, 1.7976931348623157e308, -0.0, math.pi, 1e22, 123456789.125]
floats += [struct.unpack('<d', rng.getrandbits(64).to_bytes(8, 'little'))[0] for _ in range(40)]
for x in floats:
    print(repr(x), x.hex(), f'{x:.3e} {x:g} {x:.20f}'[:80], struct.pack('>fe', *(2 * [math.fmod(x, 1000) if x == x and abs(x) != math.inf else 0.0])).hex())
print([math.lgamma(2.5), math.erf(0.3), math.comb(60, 30), math.isqrt(10**40), math.nextafter(1, 2), math.fsum([.1] * 10)])

decimal.getcontext().prec = 60
print(decimal.Decimal(2).sqrt(), decimal.Decimal(1) / 7, decimal.Decimal('1.1') ** 50, decimal.Decimal(3).ln())
print(fractions.Fraction(3.14).limit_denominator(1000), 3**400 % 10**50, pow(3, 10**20, 2**89 - 1), -7 // 2, -7 % 3, 10**100 // 7**55)
print(statistics.stdev(floats[:8]) > 0, statistics.median([3, 1, 2]), sum(1 << i for i in range(0, 200, 7)))

document = {'name': 'osv', 'list': [1, 2.5, None, True, 'ü€😀\n"'], 'nested': {str(i): i * 1.1 for i in range(20)}}
text = json.dumps(document, sort_keys=True)
print(text, json.loads(text) == document, json.dumps(document, indent=1, ensure_ascii=False).count('\n'))
print(len(pickle.dumps(document)), pickle.loads(pickle.dumps(document)) == document)

words = re.findall(r'(?i)\b([a-z]+)(\d+)?\b', 'Alpha1 beta gamma22 x9 ' * 20)
print(collections.Counter(words).most_common(3), re.sub(r'(?<=a)(\w)', lambda m: m[1].upper(), 'banana bandana'))
print(re.match(r'(?P<year>\d{4})-(?P<month>\d\d)', '2026-11-23').groupdict(), re.split(r'[,;]\s*', 'a, b;c'))
print(textwrap.fill('The quick brown fox jumps over the lazy dog. ' * 3, 40))
print(unicodedata.normalize('NFD', 'ÄÖÜ').encode(), unicodedata.name('😀'), 'straße'.upper(), 'İ'.lower().encode())

print(datetime.date(2026, 11, 23).isocalendar(), datetime.datetime(2026, 1, 1) + datetime.timedelta(days=59, seconds=1e5))
print(array.array('h', range(-5, 5)).tobytes().hex(), heapq.nsmallest(4, [5, 1, 4, 2, 3]), bisect.bisect([1, 3, 5], 3))
print(list(itertools.islice(itertools.permutations('abcd'), 5, 9)), functools.reduce(lambda a, b: a * 31 + ord(b), 'hash', 7))

base = sqlite3.connect(':memory:')
base.execute('create table t(a integer primary key, b text, c real)')
base.executemany('insert into t values (?, ?, ?)', [(i, chr(97 + i % 26) * (i % 5), i / 7) for i in range(300)])
print(base.execute('select b, count(*), round(sum(c), 6) from t group by b order by 2 desc, 1 limit 5').fetchall())

class Tree:
    __slots__ = ('left', 'right')
    def __init__(self, depth):
        self.left, self.right = (Tree(depth - 1), Tree(depth - 1)) if depth else (None, None)
    def count(self):
        return 1 + (self.left.count() + self.right.count() if self.left else 0)
print(Tree(9).count())
try:
    [][1]
except IndexError as error:
    print(type(error).__name__, error)
