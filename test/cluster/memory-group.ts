// A memory control group of Linux, version 1, for a test's Slurm: its task/cgroup plugin makes those of jobs in it, and
// the kernel ends what takes more there than its job asked for. It lies in the group that the test itself is in, so
// that nothing leaves that one's limits.
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { mkdir, readdir, rmdir, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** Whether one can be made here. It is told either way, as nobody is to overlook what is not tested. */
export function canLimitMemory(): boolean {
  try {
    const trial = join(ownGroup(), `basil-slurm-trial-${process.pid}`)
    mkdirSync(trial)
    try {
      accessSync(join(trial, 'memory.memsw.limit_in_bytes'), constants.W_OK) // else a task may go on in swap
    } finally {
      rmdirSync(trial)
    }
    console.log('a task out of memory is tested, with control groups of version 1')
    return true
  } catch (error) {
    console.error(`\n*** no memory control group can be made (${error}): a task out of memory is NOT tested ***\n`)
    return false
  }
}

/** folder: of slurm.conf, which gets a cgroup.conf beside it. remove() is false while a process is in it. */
export async function createMemoryGroup(folder: string): Promise<{ remove(): Promise<boolean> }> {
  const group = join(ownGroup(), basename(folder))
  const mounted = join(folder, 'cgroup')
  for (const path of [group, mounted]) await mkdir(path)
  await symlink(group, join(mounted, 'memory'))
  const lines = [
    'CgroupPlugin=cgroup/v1',
    `CgroupMountpoint=${mounted}`,
    'ConstrainRAMSpace=yes',
    'ConstrainSwapSpace=yes',
  ]
  await writeFile(join(folder, 'cgroup.conf'), `${lines.join('\n')}\n`)
  return {
    remove: () =>
      remove(group).then(
        () => true,
        () => false,
      ),
  }
}

/** The files in it are the kernel's and go with it. */
async function remove(group: string): Promise<void> {
  for (const entry of await readdir(group, { withFileTypes: true }))
    if (entry.isDirectory()) await remove(join(group, entry.name))
  await rmdir(group)
}

/** Throws where this process is in none of version 1. */
function ownGroup(): string {
  const path = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
  if (path === undefined) throw new Error('this process is in none of version 1')
  return join('/sys/fs/cgroup/memory', path)
}
