// basil cluster pack: the one archive for a cluster's side, for who puts it there by hand, as an administrator does for
// all. The same program is the same bytes.
import { createGzip } from 'node:zlib'

import { writeAtomic } from '../../files/write-atomic.ts'
import { tarOf } from '../../workbench/clusters/archive.ts'
import type { Program } from '../../workbench/clusters/program.ts'

interface PackedProgram {
  file: string
  sha256: string // of the program, whatever the archive's own is
  bytes: number // unpacked
  engine: string
  folder: string // below the cluster's folder
}

/** out: a new file. Throws what writeAtomic throws. */
export async function packProgram(program: Program, out: string): Promise<PackedProgram> {
  const { sha256, bytes, engine, files } = program
  const archive = tarOf(files)
  const packed = createGzip({ level: 6 }) // its header has no time
  archive.on('error', (error) => packed.destroy(error))
  await writeAtomic(out, archive.pipe(packed), { overwrite: false })
  return { file: out, sha256, bytes, engine, folder: `packs/${sha256.slice(0, 16)}` }
}

export function packedLines({ file, sha256, bytes, engine, folder }: PackedProgram): string[] {
  return [
    `${file}: ${(bytes / 2 ** 20).toFixed(1)} MiB unpacked, engine ${engine}, SHA-256 of its contents ${sha256}`,
    "To put it there by hand, in the folder that the cluster was added with (its tasks' programs are found by this name):",
    `  mkdir -p FOLDER/${folder} && tar -xzf ${file} -C FOLDER/${folder}`,
    `  FOLDER/${folder}/basil-remote     says how it is used, and needs nothing but glibc`,
  ]
}
