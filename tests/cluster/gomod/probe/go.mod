module pixelstream.test/probe

go 1.26.0
