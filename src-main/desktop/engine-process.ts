// The engine's process under Electron: a utility process, or a plain Node where WebGPU may be opened in it. Where that
// Node is missing the engines that Electron can run are left.
import { inLog } from '../workbench/link/engine-in-log.ts'
import { type EngineProcess, forkEngine } from '../workbench/link/engine-process.ts'
import { needsPlainNode, plainNode, unpacked } from '../workbench/link/plain-node.ts'
import { utilityEngine } from './utility-engine.ts'

/** Starts a bundled script; the app must be ready. */
export function engineProcess(entry: string, environment: NodeJS.ProcessEnv): EngineProcess {
  const node = needsPlainNode(environment) ? plainNode() : null
  if (node) return inLog(forkEngine(unpacked(entry), environment, node))
  const { BASIL_ENGINES: order, ...others } = environment
  const left = order?.split(',').filter((kind) => kind !== 'webgpu')
  return inLog(utilityEngine(entry, left?.length ? { ...others, BASIL_ENGINES: left.join() } : environment))
}
