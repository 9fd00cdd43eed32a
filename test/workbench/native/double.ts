// The double of a native engine as a process (native-double.ts).

import { type EngineProcess, forkEngine } from '../../../src-main/workbench/link/engine-process.ts'
import { started } from '../../bundles.ts'

/** The real engine on wasm that says it is native TensorFlow: the library is the one thing that is not there. */
export function nativeDouble(environment: NodeJS.ProcessEnv): EngineProcess {
  return forkEngine(started('test/workbench/native/native-double.ts'), environment)
}
