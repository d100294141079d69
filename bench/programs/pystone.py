"""What Pystone is made of: objects with attributes, lists of lists, string compares, global variables, calls."""


class Record:
    def __init__(self, link=None, kind=0, number=0, text=''):
        self.link, self.kind, self.number, self.text = link, kind, number, text

    def copy(self):
        return Record(self.link, self.kind, self.number, self.text)


flag, letter = False, 'A'
row = [0] * 51
table = [row[:] for _ in range(51)]


def first(record):
    following = record.link = record.copy()
    record.number = 5
    following.number = record.number
    following.link = record.link
    if following.kind == 0:
        following.number = 6
        following.kind = kind_after(record.kind)
        following.number = add(following.number, 10)
    return following


def kind_after(kind):
    if kind == 0:
        return 3 if flag else 1
    return {1: 0, 2: 1, 3: 2}.get(kind, 4)


def add(a, b):
    return a + b + 2


def fill(one, two, at, value):
    index = at + 5
    one[index] = value
    one[index + 1] = one[index]
    one[index + 30] = index
    for i in range(index, index + 2):
        two[index][i] = index
    two[index][index - 1] += 1
    two[index + 20][index] = one[index]


def is_before(a, b):
    at = 1
    while at <= 1:
        if a[at] != b[at + 1]:
            at += 1
    return a > b


def run(loops):
    global flag, letter
    record = Record(Record(), 0, 40, 'DHRYSTONE PROGRAM, SOME STRING')
    for turn in range(loops):
        flag, letter = letter == 'A', 'B'
        a, b = 2, 3
        text = "DHRYSTONE PROGRAM, 2'ND STRING"
        flag = not is_before(record.text, text)
        c = 0
        while a < b:
            c = 5 * a - b
            c = add(a, b)
            a += 1
        fill(row, table, a, c)
        record = first(record)
        for each in 'ABC'[: 2 + turn % 2]:
            if each == 'C':
                text, b = "DHRYSTONE PROGRAM, 3'RD STRING", turn
        b = b * a
        a = b // (c or 1)
        b = 7 * (b - c) - a
        letter = 'A'
    return record.number, table[8][7], a, b


print(run(20_000))
