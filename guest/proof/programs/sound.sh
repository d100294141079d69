# Coders of sound: integers (FLAC) and floats (LAME) there and back.
set -eu
cd /tmp
python3 - <<'END'
import math, struct, wave
with wave.open('in.wav', 'wb') as out:
    out.setnchannels(2), out.setsampwidth(2), out.setframerate(44100)
    out.writeframes(b''.join(struct.pack('<hh', int(9000 * math.sin(i / 17)), int(9000 * math.sin(i * i / 90000)))
                             for i in range(60000)))
END
flac -s -8 --no-padding in.wav -o out.flac
flac -s -d out.flac -o back.wav
cmp in.wav back.wav
md5sum out.flac
lame --quiet --noasm sse --noasm 3dnow --noasm mmx -b 128 in.wav out.mp3
lame --quiet --decode out.mp3 decoded.wav
md5sum out.mp3
wc -c decoded.wav
