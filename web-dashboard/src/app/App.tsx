// The page: frame around whatever the path names.

export function App() {
  return <main><h1>Wask</h1></main>;
}
