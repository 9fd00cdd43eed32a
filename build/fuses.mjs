// electron-builder's hook before a package is signed: the fuses of Electron's program, every one there is. The builder's
// own setting, and the @electron/fuses that it brings, know eight of the nine and cannot insist on all; a fuse that a
// later Electron adds fails the packaging here until somebody has decided on it. What each means:
// electron/docs/tutorial/fuses.md.
import { join } from 'node:path'

import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses'

export const fuses = {
  version: FuseVersion.V1,
  strictlyRequireAllFuses: true,
  [FuseV1Options.RunAsNode]: false, // or any script could be run under the program's name and rights
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true, // effective on macOS and Windows
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false, // there is none
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false, // pages come from app://
  [FuseV1Options.WasmTrapHandlers]: true, // the portable engine is WebAssembly: the processor checks its bounds
}

export default ({ appOutDir, electronPlatformName, packager }) => {
  const { productFilename } = packager.appInfo
  const names = { darwin: `${productFilename}.app`, win32: `${productFilename}.exe`, linux: packager.executableName }
  return flipFuses(join(appOutDir, names[electronPlatformName]), fuses)
}
