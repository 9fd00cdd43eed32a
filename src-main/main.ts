// The door with a window: Electron starts here, out/main/main.js. What it opens is in src-main/desktop.
import { startDesktop } from './desktop/start.ts'

void startDesktop(import.meta.dirname) // not awaited: Electron becomes ready only after this module has been evaluated
