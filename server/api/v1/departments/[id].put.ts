export { default } from './[id].patch.ts'
