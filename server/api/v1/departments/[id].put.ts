export { default } from './[id].patch'
