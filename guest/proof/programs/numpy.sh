# Reference BLAS and LAPACK, and loops that numpy has for SSE2 (what else the processor has it leaves alone here).
set -eu
export NPY_DISABLE_CPU_FEATURES="AVX AVX2 FMA3 F16C XOP FMA4 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL SSSE3 SSE41 POPCNT SSE42"
cat > /tmp/program.py <<'END'
import hashlib
import warnings
warnings.simplefilter('ignore')
import numpy as np

def show(name, array):
    data = np.ascontiguousarray(array).view(np.uint8)
    if array.dtype == np.longdouble:
        data = data.reshape(-1, 16)[:, :10]  # the rest is padding
    print(name, array.dtype, array.shape, hashlib.md5(data.tobytes()).hexdigest())

rng = np.random.default_rng(7)
a = rng.random((90, 90))
show('product', a @ a.T)
show('solve', np.linalg.solve(a, np.ones(90)))
show('eigenvalues', np.linalg.eigvalsh(a + a.T))
show('svd', np.linalg.svd(a, compute_uv=False))
show('fft', np.fft.fft(a, axis=0))
show('normal', rng.standard_normal(5000))
for kind in 'bhilBHILefdg':
    x = (np.arange(1, 1001) % 100).astype(kind)
    show(kind, np.concatenate([x + x, x * x, x // 3, x - x[::-1], np.maximum(x, x[::-1]), np.sort(x[::-1])]))
    show(kind + ' sums', np.array([x.sum(), x.prod(), x.max(), x.argmax()], dtype=float))
x = np.linspace(-4, 4, 2001)
for function in (np.exp, np.sin, np.tanh, np.sqrt, np.cbrt, np.floor, np.rint):
    show(function.__name__, function(x))
    show(function.__name__ + ' single', function(x.astype('f')))
show('sort', np.sort(rng.random(20000)))
show('words', np.sort(rng.integers(0, 1 << 62, 20000)))
with np.errstate(all='raise'):
    for a, b in ((1.0, 0.0), (0.0, 0.0), (1e300, 1e-300), (1e-300, 1e300)):
        try:
            print(np.float64(a) / np.float64(b))
        except FloatingPointError as error:
            print(error)
END
python3 /tmp/program.py
