export { default } from '../locales/ar/console.json'
