// The form of a cluster: what is typed, and the cluster that it says, or what is wrong with which field.
import { type Cluster, clusterSchema } from '../../../src-main/contract/clusters/cluster.ts'

export interface ClusterForm {
  name: string
  kind: Cluster['kind']
  host: string
  folder: string
  partition: string
  account: string
  qos: string
  atOnce: string
  minutes: string
  memoryGigabytes: string
  cpus: string
  gpus: string
  engine: Cluster['engine']
  setup: string // one a line
  paths: string // "here = there", one a line
}

/** cluster: null for a new one, with what is usual. */
export function formOf(cluster: Cluster | null): ClusterForm {
  const of = cluster ?? clusterSchema.parse({ name: 'new', kind: 'slurm', folder: '/' })
  return {
    ...{ name: cluster?.name ?? '', kind: of.kind, host: of.host ?? '', folder: cluster?.folder ?? '' },
    ...{ partition: of.partition ?? '', account: of.account ?? '', qos: of.qos ?? '', engine: of.engine },
    ...{ atOnce: String(of.atOnce), minutes: String(of.minutes), memoryGigabytes: String(of.memoryGigabytes) },
    ...{ cpus: String(of.cpus), gpus: String(of.gpus), setup: of.setup.join('\n') },
    paths: of.paths.map(({ here, there }) => `${here} = ${there}`).join('\n'),
  }
}

export type FieldIssues = Partial<Record<keyof ClusterForm, string>>

/** What Slurm alone asks for is left out of a folder. */
export function clusterIn(form: ClusterForm): { cluster: Cluster | null; issues: FieldIssues } {
  const isSlurm = form.kind === 'slurm'
  const text = (value: string): string | null => (isSlurm && value.trim() !== '' ? value.trim() : null)
  const number = (value: string): number => (value.trim() === '' ? Number.NaN : Number(value))
  const lines = (value: string): string[] =>
    value
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean)
  const { data, error } = clusterSchema.safeParse({
    ...{ name: form.name.trim(), kind: form.kind, folder: form.folder.trim(), engine: form.engine },
    ...{ host: text(form.host), partition: text(form.partition), account: text(form.account), qos: text(form.qos) },
    ...{ atOnce: number(form.atOnce), minutes: number(form.minutes), cpus: number(form.cpus) },
    ...{ memoryGigabytes: number(form.memoryGigabytes), gpus: number(form.gpus) },
    setup: isSlurm ? lines(form.setup) : [],
    paths: lines(form.paths).map(pathPair),
  })
  if (data) return { cluster: data, issues: {} }
  const issues: FieldIssues = {}
  for (const { path, message } of error.issues) issues[path[0] as keyof ClusterForm] ??= said(path, message)
  return { cluster: null, issues }
}

function pathPair(line: string): { here: string; there: string } {
  const [here = '', ...there] = line.split('=')
  return { here: here.trim(), there: there.join('=').trim() }
}

const said = (path: PropertyKey[], message: string): string =>
  path[0] === 'paths' ? 'write a folder of here, =, and its absolute path there, one pair a line' : message
