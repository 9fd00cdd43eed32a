// A tensor, a head or a split by the file it is in and its name there: "file.safetensors#head.Cars".

/** "file#name": the file, and the name in it. */
export function splitPath(path: string): [file: string, name: string] {
  const at = path.lastIndexOf('#')
  return at < 0 ? [path, ''] : [path.slice(0, at), path.slice(at + 1)]
}

/** The name a head goes by: "Cars" of "head_CarsVal.pt", NAME of "file#head.NAME". */
export function headNameOf(path: string): string {
  const [file, key] = splitPath(path)
  if (key.startsWith('head.')) return key.slice('head.'.length)
  const name = file.split(/[/\\]/).at(-1) ?? file
  return name
    .replace(/\.\w+$/, '')
    .replace(/^head_/, '')
    .replace(/(.)Val$/, '$1')
}
