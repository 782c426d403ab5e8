export {
  asideOf,
  atPath,
  replaceFile,
  syncFolder,
  syncFolderSync,
  writeAll,
  writeDurable,
  writeDurableSync,
} from './write.ts';
export { tryLock } from './lock.ts';
export { readJson } from './read.ts';
export { makePrivateFolder, removeTree } from './tree.ts';
