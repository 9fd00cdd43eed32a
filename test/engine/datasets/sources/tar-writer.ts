// tar archives as Python's tarfile and GNU tar write them, for tests.
export interface Entry {
  name: string
  data?: Uint8Array | string
  type?: string // '0' a file, '5' a folder, 'L' GNU's long name, 'x' pax
  prefix?: string // ustar's
  size?: Uint8Array | string // the field as it shall stand there
}

export function tarFile(...entries: Entry[]): Buffer {
  return Buffer.concat([...entries.map(tarEntry), Buffer.alloc(1024)])
}

export function tarEntry({ name, data = '', type = '0', prefix = '', size }: Entry): Buffer {
  const bytes = Buffer.from(data)
  const head = Buffer.alloc(512)
  head.write(name.slice(0, 100), 0)
  head.write('0000644\0', 100)
  head.set(Buffer.from(size ?? `${bytes.length.toString(8).padStart(11, '0')}\0`), 124)
  head.write('        ', 148)
  head.write(type, 156)
  head.write('ustar\x0000', 257)
  head.write(prefix, 345)
  head.write(
    `${head
      .reduce((a, b) => a + b, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return Buffer.concat([head, bytes, Buffer.alloc(-bytes.length & 511)])
}

/** An entry of any name, as GNU tar and as pax write it. */
export const gnuLong = (name: string, data: string): Entry[] => [
  { name: '././@LongLink', type: 'L', data: `${name}\0` },
  { name, data },
]

/** Its size stands in the pax header as well, and only there. */
export function paxLong(name: string, data: string): Entry[] {
  const facts = paxFact('path', name) + paxFact('size', String(data.length))
  return [
    { name: 'PaxHeader', type: 'x', data: facts },
    { name: 'short', data, size: '00000000000\0' },
  ]
}

function paxFact(key: string, value: string): string {
  const record = ` ${key}=${value}\n`
  const length = [1, 2, 3, 4].map((digits) => record.length + digits).find((sum, i) => String(sum).length === i + 1)
  return `${length}${record}`
}
