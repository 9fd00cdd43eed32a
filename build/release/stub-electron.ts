// A tree that stands where Electron's own would, for machines that cannot fetch it: empty files by the names that
// electron-builder looks for, and a program that is nothing but a fuse wire with every fuse off. What is packed from it
// has Basil whole, and does not start.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

const parts = [
  'LICENSE',
  'LICENSES.chromium.html',
  'chrome-sandbox',
  'chrome_crashpad_handler',
  'resources.pak',
  'icudtl.dat',
]
const wire = { sentinel: 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX', version: 1, fuses: '00000000r' } // r: a fuse of the past

export function makeStub(folder: string): void {
  for (const name of ['resources', 'locales']) mkdirSync(join(folder, name), { recursive: true })
  for (const file of parts) writeFileSync(join(folder, file), '')
  copyFileSync(join(root, 'node_modules', 'electron', 'package.json'), join(folder, 'version.json'))
  const { sentinel, version, fuses } = wire
  const fused = Buffer.concat([Buffer.from(sentinel), Buffer.from([version, fuses.length]), Buffer.from(fuses)])
  writeFileSync(join(folder, 'electron'), Buffer.concat([Buffer.alloc(4096), fused, Buffer.alloc(64)]))
  chmodSync(join(folder, 'electron'), 0o755)
}
