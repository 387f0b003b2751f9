package command

import "testing"

const geoScript = `
GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania => :2 ! zadd:g
GEOADD g NX 1 1 Palermo => :0 ! none
GEOADD g XX CH 13.361389 38.115557 Palermo => :0 ! none
GEOADD g CH 13.583333 37.316667 Agrigento => :1 ! zadd:g
GEOADD g 181 0 x => -ERR invalid longitude,latitude pair 181.000000,0.000000
GEOADD g inf 0 x => -ERR invalid longitude,latitude pair inf,0.000000
GEOADD g CH CH CH => -ERR syntax error
GEODIST g Palermo Catania km => $8 166.2742
GEODIST g Palermo x => $-1
GEOHASH g Palermo x => *2 $11 sqc8b49rny0 $-1
GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC => *3 $7 Catania $9 Agrigento $7 Palermo
GEOSEARCH g FROMMEMBER Palermo BYBOX 250 250 km DESC COUNT 2 WITHDIST => *2 *2 $9 Agrigento $7 90.9778 *2 $7 Palermo $6 0.0000
GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 km COUNT 1 ANY WITHHASH => *1 *2 $7 Palermo :3479099956230698
GEOSEARCH g FROMMEMBER Palermo ASC ASC ASC => -ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH
GEOSEARCHSTORE d g FROMMEMBER Palermo BYRADIUS 100 km => :2 ! geosearchstore:d
ZSCORE d Palermo => $16 3479099956230698
GEOSEARCHSTORE d g FROMLONLAT 0 0 BYRADIUS 1 km => :0 ! del:d
GEORADIUS g 15 37 200 km STOREDIST d COUNT 1 => :1 ! georadiusstore:d
ZRANGE d 0 -1 => *1 $7 Catania
GEORADIUS_RO g 15 37 200 km STORE d => -ERR syntax error
GEORADIUSBYMEMBER g Palermo 100 km ASC => *2 $7 Palermo $9 Agrigento
GEORADIUSBYMEMBER g Palermo 100 km STORE d WITHDIST => -ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options
GEORADIUSBYMEMBER none x y z => *0
GEOPOS g x => *1 *-1
`

func TestGeoCommands(t *testing.T) {
	newStage(t).play(geoScript)
	newStage(t).expanded().play(geoScript)
}

func TestGeoRESP3(t *testing.T) {
	s := newStage(t)
	s.proto = 3
	s.play(`
GEOADD g 13.361389 38.115556 Palermo => :1
GEOPOS g Palermo x => *2 *2 ,13.36138933897018433 ,38.11555639549629859 _
GEODIST g Palermo Palermo => $6 0.0000
GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 m WITHCOORD => *1 *2 $7 Palermo *2 ,13.36138933897018433 ,38.11555639549629859
`)
}
