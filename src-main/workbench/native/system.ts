// Which systems native TensorFlow can be installed on: the wheels that are pinned are for Linux on x64, and want a C
// library that is not older than theirs.
const glibc = [2, 27] as const

export interface System {
  platform: string
  arch: string
  libc: string // version of glibc; empty where it is another C library
}

/** Why nothing can be installed here; empty where it can. */
export function refusedHere({ platform, arch, libc }: System = thisSystem()): string {
  if (platform !== 'linux' || arch !== 'x64')
    return `it is there for Linux on x64, and not yet for ${platform} on ${arch}`
  if (!libc) return 'it needs glibc, and this system has another C library'
  const [major = 0, minor = 0] = libc.split('.').map(Number)
  const isOld = major < glibc[0] || (major === glibc[0] && minor < glibc[1])
  return isOld ? `it needs glibc ${glibc.join('.')} or newer, and this system has ${libc}` : ''
}

let system: System | undefined // asked for once: a report holds up the process for some milliseconds

export function thisSystem(): System {
  system ??= askedOfNode()
  return system
}

function askedOfNode(): System {
  const { platform, arch } = process
  if (platform !== 'linux') return { platform, arch, libc: '' }
  Object.assign(process.report, { excludeNetwork: true }) // or the report looks up the names of whoever is connected
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return { platform, arch, libc: header?.glibcVersionRuntime ?? '' }
}
