// Loaded before a program: on SIGUSR2 all threads of the system's that read files wait at a named pipe for nobody, as
// at a disk that is gone.
import { open } from 'node:fs'

process.on('SIGUSR2', () => {
  for (let thread = 0; thread < 16; thread++) open(process.env.STUCK_AT, 'r', () => undefined)
  process.stderr.write('stuck\n')
})
