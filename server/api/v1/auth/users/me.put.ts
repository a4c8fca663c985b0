export { default } from './me.patch.ts'
