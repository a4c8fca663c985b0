export { default } from './me.patch'
