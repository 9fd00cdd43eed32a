// basil doctor: the engine, the GPU or why there is none, versions, the data folder.
import { Command } from 'commander'

import { engineTitles } from '../contract/api/engines.ts'
import { type Examination, examine } from '../workbench/problem/examination.ts'
import { engineLines } from './engine-lines.ts'
import { print, printJson } from './output.ts'
import { here, withEngine } from './with.ts'

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('the engine, the GPU or why there is none, versions, the data folder')
    .option('--json', 'as JSON')
    .action(({ json = false }) =>
      withEngine(json, async (supervisor) => {
        const found = await examine({ ...here(), engine: supervisor })
        if (json) printJson(found)
        else for (const line of examinationLines(found)) print(line)
      }),
    )
}

export function examinationLines({
  engine,
  error,
  gpu,
  device,
  devices,
  choice,
  engines,
  versions,
  dataFolder,
  writer,
}: Examination): string[] {
  return [
    `Engine       ${engine ? engine.name : `none: ${error?.why}`}`,
    `GPU          ${gpu.used ? 'in use' : `not in use: ${gpu.why}`}`,
    `Device       ${device === 'auto' ? 'auto: a GPU where the engine has one, else the CPU' : `${device}, as chosen`}`,
    ...devices.map(
      (d) =>
        `${d.id.padEnd(12)} ${d.name}, ${gigabytes(d.freeBytes)} of ${gigabytes(d.memoryBytes)} free, driver ${d.driver}`,
    ),
    `Chosen       ${choice === 'auto' ? 'auto: the fastest engine that is here' : engineTitles[choice]}`,
    ...engineLines(engines),
    `Data folder  ${dataFolder}${writer ? ` (process ${writer.pid}, ${writer.what}, writes to it)` : ''}`,
    `Versions     ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
  ]
}

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`
